"""A call to a model: from the question, within limits and a budget, to its row in the ledger."""
