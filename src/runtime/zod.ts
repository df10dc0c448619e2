/** The one door to zod: forms and configuration are described with it. */
export { z } from 'zod'
