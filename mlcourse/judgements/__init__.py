"""S, D, T: what we are told about similarity (the literature's constraints, tuples)."""
