/**
 * Reading an element that must exist. A default in its place could let a wrong signature or key pass, so a missing one
 * is a fault: RangeError.
 */
export function at<T>(elements: ArrayLike<T | undefined>, index: number): T {
  return elements[index] ?? missing(index);
}

/** For hot loops, as `elements[i] ?? missing(i)`: engines make a read through `at` slower, since it sees all arrays. */
export function missing(index: number): never {
  throw new RangeError(`expected an element at index ${index}`);
}
