"""What the load generator itself costs, measured so that a noisy machine cannot decide the answer.

Every figure that has a goal is a ratio of two clients that take turns within one run: both see the same neighbours,
the same kernel and the same messages. `make bench` runs all of it; docs/performance.md explains the table.

Each client works in a process of its own (`children/`), and its CPU is what the kernel accounts to that process. The
client under test is the package's own, inside a real Locust environment; only the coordinator, which hands out seats,
and the server are stand-ins, because they are not what is measured.
"""
