"""The processes that do the measured work, and the server they do it against. Told what to do in lines of JSON."""
