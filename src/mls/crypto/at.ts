/**
 * The element at an index that must exist. Throws RangeError otherwise: a default in its place could make a wrong
 * signature or key pass. Loops that are hot check the bounds once, before they start.
 */
export function at<T>(elements: ArrayLike<T>, index: number): T {
  const element = elements[index];
  if (element === undefined) throw new RangeError(`expected an index below ${elements.length}, got ${index}`);
  return element;
}
