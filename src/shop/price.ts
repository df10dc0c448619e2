const EURO = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' })

/** 420 → "€4.20" */
export function formatPrice(cents: number): string {
  return EURO.format(cents / 100)
}
