/** Times as a person reads them: ISO dates in their own zone, durations as 4 m 05 s. */

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const two = (number: number) => String(number).padStart(2, "0");

/** 2026-03-04 13:05, local. */
export function moment(written: string): string {
  const at = new Date(written);
  if (!written || Number.isNaN(at.getTime())) return written;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The weekday and date of a moment when it is not today, then its time. */
export function listed(written: string, now: number): string {
  const at = new Date(written);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (at.toDateString() === new Date(now).toDateString()) return clock;
  return `${DAYS[at.getDay()]} ${moment(written)}`;
}

/** 4 m 05 s, 3 h 12 m, 2 d 04 h. */
export function duration(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days) return `${days}\u2009d ${two(hours)}\u2009h`;
  if (hours) return `${hours}\u2009h ${two(minutes)}\u2009m`;
  return minutes ? `${minutes}\u2009m ${two(whole % 60)}\u2009s` : `${whole}\u2009s`;
}

/** A DICOM or ISO date and time as ISO text; what is no date stays as it is. */
export function acquired(written: string): string {
  return written.replace("T", " ").replace(/(:\d\d)\.\d+/, "$1").replace(/[+-]00:00$/, " UTC").replace(/Z$/, " UTC");
}
