"""Every profile played as it comes, and what came of it in one table."""
