"""What the workspace's code imports from elsewhere: found, indexed once, and looked up by name."""
