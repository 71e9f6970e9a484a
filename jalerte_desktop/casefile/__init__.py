"""The case file: the person, the line, the contract, and the papers as they were when they left."""
