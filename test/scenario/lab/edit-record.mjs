// Changes who asked for the first deployment, behind the ledger's back. Prints the record's number. In a process of its
// own: a connection that is closed but not yet collected would still write to the file.
import Database from "libsql";

const db = new Database(process.argv[2]);
const row = db
  .prepare("SELECT sequence, record FROM events WHERE record LIKE '%deployment.requested@1%' LIMIT 1")
  .get([]);
db.prepare("UPDATE events SET record = ? WHERE sequence = ?").run([row.record.replace("user:", "USER:"), row.sequence]);
console.log(row.sequence);
db.close();
