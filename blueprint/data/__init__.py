"""Images and their classes: sources, decoding, augmentation, loaders."""
