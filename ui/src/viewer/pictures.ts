/** Pictures of images made by the server, for where an image is shown small. */

export interface Wanted {
  image_pk: number;
  plane: number;
}

/** The address of one picture, at most `longest` pixels long. */
export function address({ image_pk, plane }: Wanted, longest: number): string {
  const asked = new URLSearchParams({ longest: String(longest) });
  if (plane) asked.set("plane", String(plane));
  return `/api/v1/images/${image_pk}/rendered.png?${asked}`;
}
