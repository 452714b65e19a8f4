/** Every tool, one row each: a new one is a row here, and where its shape is new, its geometry. */
import type { Shape } from "./mark";

export interface Tool {
  name: string;
  /** With Shift. */
  key: string;
  label: string;
  /** What it is for, as its hint. */
  hint: string;
  /** Path on 16 by 16. */
  icon: string;
  /** Empty: all. */
  industries: string[];
  shape: Shape;
  /** What becomes of the shape: a mark, or something known of the image. */
  makes: "mark" | "length" | "thickness";
  /** The measurement of the server that is made there. */
  measurement?: string;
  /** The keys of its values that are shown on the image. */
  shows?: string[];
  /** Its options that a person may have to give, and what they are called. */
  asks?: Record<string, string>;
  /** Rules of image quality whose limit stands beside the value; the first that the exam's standard has. */
  limits?: string[];
}

const row = (name: string, key: string, label: string, icon: string, shape: Shape, hint: string, more: Partial<Tool> = {}): Tool => ({ name, key, label, icon, shape, hint, industries: [], makes: "mark", ...more });
const GAUGE = "M2 3h12v10H2zM5 3v10M8 3v10M11 3v10";

export const TOOLS: Tool[] = [
  row("length", "L", "Length", "M2 12L12 2l2 2L4 14zM5 9l1.5 1.5M7.5 6.5l1.5 1.5M10 4l1.5 1.5", "length", "Distance of two points"),
  row("angle", "A", "Angle", "M2 13L12 3M2 13h12M8 13a6 6 0 0 0-1.8-4.2", "angle", "Angle of two lines; the second point is the corner"),
  row("polyline", "Y", "Line of several points", "M2 12l4-7 4 5 4-7", "polyline", "Length along several points"),
  row("rectangle", "R", "Rectangle", "M2.5 3.5h11v9h-11z", "rectangle", "Sides, area, and mean, spread and extremes of the values inside"),
  row("ellipse", "E", "Ellipse", "M8 3.5c3.3 0 6 2 6 4.5s-2.7 4.5-6 4.5S2 10.5 2 8s2.7-4.5 6-4.5z", "ellipse", "Axes, area, and mean, spread and extremes of the values inside"),
  row("polygon", "P", "Polygon", "M8 2l6 4.5-2.3 7H4.3L2 6.5z", "polygon", "Area and circumference, and the values inside"),
  row("brush", "B", "Brush", "M13.5 2.5l-6 6M7.5 8.5c-2-.6-3.5.6-3.5 2.3 0 1.2-.8 1.9-2 2.2 2.6 1.3 6.8.6 7-2.5zM4 5h.1M6 3h.1", "brush", "Paint an area; Alt takes away, - and + change its size"),
  row("arrow", "W", "Arrow", "M3 13L13 3M7 3h6v6", "arrow", "First what it points at, then where the words stand"),
  row("text", "T", "Text", "M3 4V3h10v1M8 3v10M6 13h4", "text", "Words beside a place"),
  row("point", "V", "Value", "M8 2v4M8 10v4M2 8h4M10 8h4", "point", "The value of one pixel; the thickness where two thicknesses are known"),
  row("profile", "F", "Line profile", "M2 13h12M2 11c2 0 2-7 4-7s2 4 4 4 2-5 4-5", "profile", "Values along a line, drawn as a curve"),
  row("wall", "G", "Wall thickness", "M5 2v12M11 2v12M5 8h6M6.5 6.5L5 8l1.5 1.5M9.5 6.5L11 8 9.5 9.5", "profile", "A line across a wall: from edge to edge, with the profile", {
    measurement: "dimension",
    shows: ["length_mm", "length_px"],
  }),
  row("known-length", "K", "Calibrate by a known length", "M2 6v6M14 6v6M2 9h12M8 1.5v3M6.5 3h3", "length", "Two points and the millimetres between them: every length on the image then goes by it", { makes: "length" }),
  row("known-thickness", "U", "Known thickness", "M2 13h3v-3h3V7h3V4h3", "rectangle", "An area whose thickness you know; from two on, values are read as thickness", { makes: "thickness", industries: ["ndt"] }),
  row("snr", "S", "SNR", "M2 9h2l1-4 2 8 2-10 2 8 1-2h2", "rectangle", "Signal-to-noise ratio inside the rectangle", { measurement: "snr", shows: ["snr"] }),
  row("snr-n", "N", "Normalized SNR", "M2 9h2l1-4 2 8 2-10 2 8 1-2h2M2 14h12", "rectangle", "SNR normalized to the basic spatial resolution", {
    measurement: "snr_n",
    shows: ["snr_n"],
    asks: { srb_um: "SRb, µm" },
    limits: ["normalized SNR"],
    industries: ["ndt"],
  }),
  row("cnr", "C", "CNR", "M2 3h12v10H2zM6 6h4v4H6z", "rectangle", "Contrast to noise of the rectangle against a frame around it", { measurement: "cnr", shows: ["cnr"] }),
  row("duplex", "D", "Duplex wire", "M3 3v10M5 3v10M8 4v8M9.5 4v8M12 5v6M13 5v6", "rectangle", "Basic spatial resolution from a duplex wire gauge inside the rectangle", {
    measurement: "duplex",
    shows: ["isrb_um"],
    limits: ["basic spatial resolution"],
  }),
  row("wire", "I", "Wire gauge", "M3 2v12M5.5 2v12M8 2v12M10.5 2v12M13 2v12", "rectangle", "Thinnest wire that is seen inside the rectangle", {
    measurement: "wire_iqi",
    shows: ["thinnest_wire", "diameter_mm"],
    asks: { wires: "Wires, such as W10-W16" },
    limits: ["wire seen"],
    industries: ["ndt"],
  }),
  row("holes", "H", "Hole gauge", `${GAUGE}M5 8h.1M8 8h.1M11 8h.1`, "rectangle", "Smallest hole that is seen inside the rectangle", {
    measurement: "hole_iqi",
    shows: ["smallest_hole", "diameter_mm"],
    asks: { holes: "Holes, such as H5-H10", plaque_mm: "Plaque, mm", thickness_mm: "Thickness, mm" },
    limits: ["step hole seen", "hole seen"],
    industries: ["ndt"],
  }),
  row("contrast", "X", "Contrast sensitivity", "M2 3h12v10H2zM8 3v10", "rectangle", "Thickness change whose contrast equals the noise", {
    measurement: "contrast_sensitivity",
    shows: ["contrast_sensitivity_percent"],
    asks: { recess_percent: "Recess, %" },
    industries: ["ndt"],
  }),
  row("mtf", "M", "MTF", "M2 3v11h12M2 4c5 0 5 8 11 9", "rectangle", "Modulation transfer across a tilted edge inside the rectangle", {
    measurement: "mtf",
    shows: ["mtf50_lp_mm", "mtf50_lp_px"],
  }),
  row("line-pairs", "J", "Line pairs", GAUGE, "rectangle", "Modulation of a line-pair gauge inside the rectangle", {
    measurement: "line_pairs",
    shows: ["resolved_lp_mm"],
    asks: { frequencies: "Groups, lp/mm: 1, 1.6, 2.5" },
    industries: ["medical", "security"],
  }),
  row("pipe", "Q", "Pipe wall", "M8 2a6 6 0 1 0 0 12a6 6 0 0 0 0-12M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6", "rectangle", "Wall of a pipe by the tangential technique inside the rectangle", {
    measurement: "wall_thickness",
    shows: ["wall_min_mm", "wall_mean_mm"],
    asks: { outer_diameter_mm: "Outer diameter, mm" },
    industries: ["ndt"],
  }),
];

/** The tools of an industry. */
export const toolsOf = (industry: string) => TOOLS.filter((one) => !one.industries.length || one.industries.includes(industry));

/** The tool that made a mark: by its measurement, else by its shape. */
export const toolOf = (mark: { shape: Shape; measurement: string }) =>
  TOOLS.find((one) => one.makes === "mark" && one.shape === mark.shape && (one.measurement ?? "") === mark.measurement) ?? TOOLS[0]!;
