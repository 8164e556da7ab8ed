// Beside the hooks, because each of them runs in a world of its own.
module.exports = {
  keep(mail) {
    const name = `${__hooks}/${$security.randomString(16)}`;
    $os.writeFile(`${name}.new`, JSON.stringify(mail), 0o600);
    $os.rename(`${name}.new`, `${name}.mail`);
  },
};
