import type { Request } from 'express'
import { countBasket, readBasket } from './basket.ts'

export interface MenuItem {
  readonly href: string
  readonly label: string
  /** A count beside the label; absent where it is unknown. */
  readonly count?: number
}

/** Called while a page is rendered, because the session is read after the layout's data. */
export function shopMenu(req: Request): MenuItem[] {
  return [
    { href: '/shop', label: 'Shop' },
    { href: '/basket', label: 'Basket', count: countBasket(readBasket(req.session)) },
  ]
}
