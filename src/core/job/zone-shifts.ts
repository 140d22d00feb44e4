/**
 * How far a newer or older time-zone database may have moved a time. Which database has which offset is not known, only
 * at which instants a trigger fires by the present one; so the likeliest shift that makes fires of fires is taken.
 */

/** Minutes, the likeliest first: whole hours and halves, other quarters, a day at the date line. */
const LIKELY: readonly number[] = [60, 30, 120, 180, 15, 45, 75, 90, 105, 135, 150, 165, 1_440]

const SHIFTS: readonly number[] = [0, ...LIKELY.flatMap((minutes) => [-minutes * 60_000, minutes * 60_000])]

/** The shift in milliseconds, positive for later, by which all instants become ones that `fires` accepts; null: none. */
export function shiftTo(fires: (at: number) => boolean, ...instants: readonly number[]): number | null {
  return shiftWhere((shift) => instants.every((at) => fires(at + shift)))
}

/** The likeliest shift that is accepted; null: none. */
export function shiftWhere(accepts: (shift: number) => boolean): number | null {
  return SHIFTS.find(accepts) ?? null
}
