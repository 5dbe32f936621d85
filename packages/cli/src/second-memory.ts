/**
 * A formatter of times without milliseconds that keeps its last answer: neighbours in a file often share their second, and a
 * date takes longer than the rest of a line.
 */
export function rememberSecond(format: (timeMs: number) => string): (timeMs: number) => string {
  let lastSecond = Number.NaN
  let text = ''
  return (timeMs) => {
    const second = Math.floor(timeMs / 1_000)
    if (second !== lastSecond) text = format(timeMs)
    lastSecond = second
    return text
  }
}
