import type { Request } from 'express'
import { countBasket, readBasket } from './basket.ts'

export interface MenuItem {
  readonly href: string
  readonly label: string
  /** How many, shown beside the label; absent where it is not known. */
  readonly count?: number
}

/** The shop's part of the navigation, asked while a page is rendered: the session is read after the pipeline began. */
export function shopMenu(req: Request): MenuItem[] {
  return [
    { href: '/shop', label: 'Shop' },
    { href: '/basket', label: 'Basket', count: countBasket(readBasket(req.session)) },
  ]
}
