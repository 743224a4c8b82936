"""The evidence folder: what stands in it, how it is written and removed, and how a later check reads it.

Written by the judge, which has everything and holds nobody up. Files only: no socket, no clock, no Locust.
"""
