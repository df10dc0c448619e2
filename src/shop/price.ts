const EURO = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' })

/** 420 → "€4.20" */
export function showPrice(cents: number): string {
  return EURO.format(cents / 100)
}
