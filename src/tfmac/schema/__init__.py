"""Frozen data types that travel along the road observe, judge, plan, act, report.

Nothing here reads or writes anything; every type is immutable and serialisable.
"""
