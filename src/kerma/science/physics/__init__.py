"""Physics of X-rays: attenuation, spectra, sources, geometry, exposure, shielding; and the calculations on them.

Each module offers plain functions (numbers in, numbers out) and, in ``CALCULATIONS``, what can be asked of it by name
(see ``kerma.science.calculations``).
"""
