import type { Pool } from '../database/pool.ts'
import { addProducts, type Product } from './products.ts'

/** Adds a dozen products, and changes no existing one. */
export async function seedProducts(pool: Pool): Promise<void> {
  await addProducts(pool, PRODUCTS)
}

const PRODUCTS: readonly Product[] = [
  {
    id: 'sourdough',
    name: 'Sourdough loaf',
    note: '800 g, baked this morning',
    shelf: 'Bakery',
    price: 480,
    stock: 24,
  },
  { id: 'croissants', name: 'Croissants', note: 'four, all butter', shelf: 'Bakery', price: 520, stock: 18 },
  { id: 'seed-rolls', name: 'Seed rolls', note: 'six, rye and sunflower', shelf: 'Bakery', price: 390, stock: 30 },
  { id: 'eggs', name: 'Eggs', note: 'ten, from the orchard hens', shelf: 'Dairy', price: 450, stock: 40 },
  { id: 'milk', name: 'Whole milk', note: '1 litre, returnable bottle', shelf: 'Dairy', price: 190, stock: 36 },
  {
    id: 'mountain-cheese',
    name: 'Mountain cheese',
    note: '300 g, nine months old',
    shelf: 'Dairy',
    price: 790,
    stock: 3,
  },
  { id: 'apples', name: 'Apples', note: '1 kg, Cox orange', shelf: 'Garden', price: 340, stock: 50 },
  { id: 'tomatoes', name: 'Tomatoes', note: '500 g, on the vine', shelf: 'Garden', price: 320, stock: 28 },
  { id: 'carrots', name: 'Carrots', note: 'a bunch, with their tops', shelf: 'Garden', price: 210, stock: 0 },
  { id: 'coffee', name: 'Coffee beans', note: '500 g, medium roast', shelf: 'Larder', price: 1150, stock: 22 },
  { id: 'honey', name: 'Lime honey', note: '350 g, from the embankment', shelf: 'Larder', price: 680, stock: 15 },
  { id: 'marmalade', name: 'Orange marmalade', note: '250 g, bitter', shelf: 'Larder', price: 430, stock: 20 },
]
