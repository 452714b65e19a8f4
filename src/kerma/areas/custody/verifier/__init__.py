"""Check an evidence package: is every file what it was when the package was sealed, and what is known of each?

This folder lies in every package as ``verify/`` and needs nothing but Python 3.8 or later; inside the package run
``python3 -m verify``. ``kerma verify PACKAGE`` uses the same code and checks the signed reports as well.

What is checked: the layout and the manifests of the BagIt bag (RFC 8493); the seal, which is a ledger record of the
manifest's digest; and every ledger record in the package, by its proof (RFC 9162) under a signed checkpoint (Ed25519,
RFC 8032). It imports nothing of Kerma, so that it can be read and trusted by itself.
"""
