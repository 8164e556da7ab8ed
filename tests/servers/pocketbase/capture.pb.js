// Writes down the mails that a test waits for. Nothing is sent: a mail that fails would take its one-time code with
// it a moment later.
//
// Each mail is a file of its own, complete before it has its name.
onMailerRecordOTPSend((e) => {
  const mail = { kind: 'code', to: e.record.email(), code: e.meta.password };
  require(`${__hooks}/mails.js`).keep(mail);
});

onMailerRecordPasswordResetSend((e) => {
  require(`${__hooks}/mails.js`).keep({ kind: 'reset', to: e.record.email(), code: '' });
});

onMailerRecordVerificationSend((e) => {
  require(`${__hooks}/mails.js`).keep({ kind: 'verification', to: e.record.email(), code: '' });
});

onMailerRecordAuthAlertSend(() => {});
