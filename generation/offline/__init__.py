"""A rewriter and a judge that need no model: rules on the words of the dialogue alone.

Both are labelled offline wherever their work shows.
"""
