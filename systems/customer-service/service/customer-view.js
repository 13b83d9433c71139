// @ts-check

/**
 * A customer as clients see it.
 * @param {import("./customers.js").Customer} customer
 */
export function viewOf(customer) {
  return {
    id: customer.id,
    name: customer.name,
    email: customer.email,
    phone: customer.phone,
    city: customer.city,
    version: customer.version,
    createdAt: customer.created_at.toISOString(),
    updatedAt: customer.updated_at.toISOString(),
  };
}
