// @ts-check
/** Named, never `*`: a column that a later release adds would break the statements that are prepared on connections. */
export const columns = "id, name, email, phone, city, version, created_at, updated_at";
