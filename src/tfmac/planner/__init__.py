"""Wishes and knowledge in, a plan or the reasons for none out. Pure: a resolver is handed in."""
