"""Import: whatever comes in is read as a stream, checked record by record, written in batches.

sources    a folder, a zip or one file: documents to read and pictures beside them
reading    a document as a stream of records, each with its line
formats    one file each: what a record of that format means
checking   the rules on content; a record that breaks one is rejected, the others go in
batches    records as they are written, read ahead by a thread
engine     batches, one transaction each; what is there already is not written again
updates    what may change in dialogues that are there
journal    how far an import came, in its record: a killed one goes on from there
again      a source that has come before, into a dataset that has not changed
working    imports that wait for a worker, and those that nobody will go on with
problems   every record that did not go in, in a file that can be mended and imported
report     what became of everything
"""
