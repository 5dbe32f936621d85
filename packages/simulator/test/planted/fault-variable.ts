/** The environment's variable that names the fault to plant. */
export const faultVariable = 'QUORATE_PLANTED_FAULT'
