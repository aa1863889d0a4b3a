/** Solves A x = b in place for a symmetric positive definite A (Cholesky); A is overwritten. */
export function solveSymmetric(A: Float64Array, b: Float64Array, n: number): void {
  for (let c = 0; c < n; c++) {
    for (let r = c; r < n; r++) {
      let s = A[r * n + c]!;
      for (let k = 0; k < c; k++) s -= A[r * n + k]! * A[c * n + k]!;
      A[r * n + c] = r === c ? Math.sqrt(s) : s / A[c * n + c]!;
    }
  }
  for (let r = 0; r < n; r++) {
    let s = b[r]!;
    for (let k = 0; k < r; k++) s -= A[r * n + k]! * b[k]!;
    b[r] = s / A[r * n + r]!;
  }
  for (let r = n - 1; r >= 0; r--) {
    let s = b[r]!;
    for (let k = r + 1; k < n; k++) s -= A[k * n + r]! * b[k]!;
    b[r] = s / A[r * n + r]!;
  }
}
