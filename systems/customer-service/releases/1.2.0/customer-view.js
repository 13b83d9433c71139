// @ts-check

/**
 * A customer as clients see it, with the phone number as a link for the new mobile app.
 *
 * This release is the harmful one of the tour: it was tried with customers who have a phone number. For those without
 * one, reading, listing and finding them fails with a 500, as it did in the code of many a team.
 * @param {import("../../service/customers.js").Customer} customer
 */
export function viewOf(customer) {
  return {
    id: customer.id,
    name: customer.name,
    email: customer.email,
    phone: customer.phone,
    call: `tel:${dialable(/** @type {string} */ (customer.phone))}`,
    city: customer.city,
    version: customer.version,
    createdAt: customer.created_at.toISOString(),
    updatedAt: customer.updated_at.toISOString(),
  };
}

/** @param {string} phone */
function dialable(phone) {
  return phone.replace(/[^+\d]/g, "");
}
