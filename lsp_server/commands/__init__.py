"""The subcommands of `bowerbird`, one file each, and what they share for talking to a terminal."""
