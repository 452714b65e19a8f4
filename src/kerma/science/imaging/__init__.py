"""The Image, its grey-scale chain, filters and enhancement."""
