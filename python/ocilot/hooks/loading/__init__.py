"""From a configuration to scripts that are loaded and checked: the points, the options, the files."""
