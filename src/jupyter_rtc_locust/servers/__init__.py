"""One module for each kind of server: how a room is opened, who speaks first, what is stored, and where."""
