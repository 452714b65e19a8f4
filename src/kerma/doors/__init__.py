"""The HTTP, DICOM-network and watched-folder shells: they collect what the areas offer and decide nothing."""
