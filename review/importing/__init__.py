"""Import: whatever comes in is read as a stream, checked record by record, written in batches.

sources    a folder, a zip or one file: documents to read and pictures beside them
reading    a document as a stream of records, each with its line
formats    one file each: what a record of that format means
checking   the rules on content; a record that breaks one is rejected, the others go in
engine     batches, one transaction each; what is there already is not written again
report     what became of everything
"""
