"""A run over one or many processes: seats for users, the order of the end, evidence on its way, one verdict.

The only place that talks through Locust's messages. What is decided from the evidence is decided in `verdict/`.
"""
