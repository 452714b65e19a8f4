"""Training of the detectors that ship: simulated radiographs in, an ONNX file and its model card out.

One command makes everything from a seed: ``kerma train weld --seed 1 --minutes 8 --out FOLDER``. Worker processes
simulate and disguise pictures while the network learns from them. Only this package needs PyTorch.
"""
