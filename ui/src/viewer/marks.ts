/** A finding as it stands on the image. */
export interface Mark {
  id: string;
  number: number;
  label: string;
  plane: number;
  /** row, column, height, width in image pixels */
  box: [number, number, number, number];
}
