"""How closely a simulated tab follows a recorded one: messages, bytes and requests, phase by phase."""
