/** Made by tools/colour_tables.py from `kerma.science.imaging.enhance.material_colours`: change that and run it again. */

/** Colours (8 bit) of materials by effective atomic number: number, red, green, blue. */
export const PALETTES: Record<string, [number, number, number, number][]> = {
  "screening": [
    [5, 255, 150, 40],
    [8.5, 255, 128, 0],
    [10, 214, 150, 10],
    [11.5, 70, 170, 50],
    [15, 20, 150, 70],
    [18, 20, 120, 140],
    [21, 30, 70, 210],
    [34, 20, 40, 190],
  ],
  "six": [
    [6.3, 255, 96, 40],
    [6.7, 255, 140, 0],
    [8.1, 255, 140, 0],
    [8.5, 205, 170, 0],
    [10.2, 205, 170, 0],
    [10.8, 60, 170, 40],
    [14, 60, 170, 40],
    [15, 0, 150, 150],
    [19, 0, 150, 150],
    [21, 40, 80, 225],
    [26.5, 40, 80, 225],
    [28.5, 110, 50, 200],
  ],
  "colour-blind": [
    [5, 245, 170, 20],
    [8.5, 235, 150, 0],
    [10, 225, 150, 60],
    [11.5, 205, 110, 175],
    [15, 195, 90, 170],
    [18, 120, 90, 190],
    [21, 0, 95, 200],
    [34, 0, 75, 180],
  ],
};
/** What cannot be told. */
export const UNDECIDED = [110, 110, 110];
/** What was asked for by its number. */
export const WANTED = [230, 0, 140];
/** What nobody can see through. */
export const ALARM = [225, 20, 40];
