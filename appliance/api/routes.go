package api

import (
	"latchkey/appliance/guard"
	"latchkey/appliance/journal"
	"latchkey/appliance/vault"
)

// routes is every way in. A row says who may call, what kind of attempt it is,
// which proof it wants and what the journal hears of it.
func (a *API) routes() []route {
	var all []route
	for _, part := range [][]route{
		identityRoutes(), itemRoutes(), accountRoutes(), secondRoutes(), passkeyRoutes(), deviceRoutes(), miscRoutes(),
		setupRoutes(), reachRoutes(), ownerRoutes(), backupRoutes(), restoreRoutes(), personRoutes(),
	} {
		all = append(all, part...)
	}
	return all
}

func identityRoutes() []route {
	return []route{
		{pattern: "POST /identity/accounts/prelogin", caller: anyone, serve: prelogin},
		{pattern: "POST /identity/accounts/prelogin/password", caller: anyone, serve: prelogin},
		{pattern: "POST /api/accounts/prelogin", caller: anyone, serve: prelogin},
		{pattern: "POST /identity/accounts/register/send-verification-email", caller: anyone, serve: sendVerification},
		{pattern: "POST /identity/accounts/register/verification-email-clicked", caller: anyone, attempt: guard.Invitation, claims: claimedEmail, serve: verificationClicked},
		{pattern: "POST /identity/accounts/register/finish", caller: anyone, attempt: guard.Invitation, claims: claimedEmail, serve: registerFinish},
		{pattern: "POST " + tokenPath, caller: anyone, serve: token},
		{pattern: "GET /identity/accounts/webauthn/assertion-options", caller: anyone, serve: signInOptions},
	}
}

func itemRoutes() []route {
	return []route{
		{pattern: "GET /api/sync", caller: person, serve: syncAll},
		{pattern: "GET /api/ciphers", caller: person, serve: listCiphers},
		{pattern: "POST /api/ciphers", caller: person, serve: createCipher},
		{pattern: "POST /api/ciphers/create", caller: person, serve: createWrapped},
		{pattern: "POST /api/ciphers/import", caller: person, limit: importLimit, serve: importCiphers},
		{pattern: "POST /api/ciphers/purge", caller: person, proof: presentProof, serve: purge},
		{pattern: "GET /api/ciphers/{id}", caller: person, serve: getCipher},
		{pattern: "GET /api/ciphers/{id}/details", caller: person, serve: getCipher},
		{pattern: "PUT /api/ciphers/{id}", caller: person, serve: updateCipher},
		{pattern: "POST /api/ciphers/{id}", caller: person, serve: updateCipher},
		{pattern: "PUT /api/ciphers/{id}/partial", caller: person, serve: partialCipher},
		{pattern: "POST /api/ciphers/{id}/partial", caller: person, serve: partialCipher},
		{pattern: "DELETE /api/ciphers/{id}", caller: person, serve: removeCipher},
		{pattern: "POST /api/ciphers/{id}/delete", caller: person, serve: removeCipher},
		{pattern: "DELETE /api/ciphers", caller: person, limit: importLimit, serve: removeCiphers},
		{pattern: "POST /api/ciphers/delete", caller: person, limit: importLimit, serve: removeCiphers},
		{pattern: "PUT /api/ciphers/{id}/delete", caller: person, serve: silent(one((*vault.Vault).Trash))},
		{pattern: "PUT /api/ciphers/delete", caller: person, limit: importLimit, serve: silent(many((*vault.Vault).Trash))},
		{pattern: "PUT /api/ciphers/{id}/restore", caller: person, serve: one((*vault.Vault).Restore)},
		{pattern: "PUT /api/ciphers/restore", caller: person, limit: importLimit, serve: many((*vault.Vault).Restore)},
		{pattern: "PUT /api/ciphers/{id}/archive", caller: person, serve: one((*vault.Vault).Archive)},
		{pattern: "PUT /api/ciphers/archive", caller: person, limit: importLimit, serve: many((*vault.Vault).Archive)},
		{pattern: "PUT /api/ciphers/{id}/unarchive", caller: person, serve: one((*vault.Vault).Unarchive)},
		{pattern: "PUT /api/ciphers/unarchive", caller: person, limit: importLimit, serve: many((*vault.Vault).Unarchive)},
		{pattern: "PUT /api/ciphers/move", caller: person, limit: importLimit, serve: moveCiphers},
		{pattern: "POST /api/ciphers/move", caller: person, limit: importLimit, serve: moveCiphers},
		{pattern: "GET /api/folders", caller: person, serve: listFolders},
		{pattern: "POST /api/folders", caller: person, serve: saveFolder},
		{pattern: "GET /api/folders/{id}", caller: person, serve: getFolder},
		{pattern: "PUT /api/folders/{id}", caller: person, serve: saveFolder},
		{pattern: "POST /api/folders/{id}", caller: person, serve: saveFolder},
		{pattern: "DELETE /api/folders/{id}", caller: person, serve: removeFolder},
		{pattern: "POST /api/folders/{id}/delete", caller: person, serve: removeFolder},
	}
}

func accountRoutes() []route {
	return []route{
		{pattern: "GET /api/accounts/revision-date", caller: person, serve: revisionDate},
		{pattern: "GET /api/accounts/profile", caller: person, serve: getProfile},
		{pattern: "PUT /api/accounts/profile", caller: person, serve: putProfile},
		{pattern: "POST /api/accounts/profile", caller: person, serve: putProfile},
		{pattern: "PUT /api/accounts/avatar", caller: person, serve: putAvatar},
		{pattern: "POST /api/accounts/avatar", caller: person, serve: putAvatar},
		{pattern: "GET /api/accounts/keys", caller: person, serve: getKeys},
		{pattern: "POST /api/accounts/keys", caller: person, serve: postKeys},
		{pattern: "POST /api/accounts/key-management/user-key-id", caller: person, serve: userKeyID},
		{pattern: "POST /api/accounts/key-management/rotate-user-account-keys", caller: person, proof: passwordProof, limit: importLimit, event: journal.Password, detail: "new key", serve: rotateKeys},
		{pattern: "POST /api/accounts/verify-password", caller: person, proof: passwordProof, serve: verifyPassword},
		{pattern: "POST /api/accounts/password", caller: person, proof: passwordProof, event: journal.Password, serve: putPassword},
		{pattern: "POST /api/accounts/kdf", caller: person, proof: passwordProof, event: journal.KDF, serve: putKDF},
		{pattern: "POST /api/accounts/security-stamp", caller: person, enrol: true, proof: presentProof, event: journal.SignOut, serve: securityStamp},
		{pattern: "DELETE /api/accounts", caller: person, proof: presentProof, event: journal.Deleted, serve: deleteAccount},
		{pattern: "POST /api/accounts/delete", caller: person, proof: presentProof, event: journal.Deleted, serve: deleteAccount},
		{pattern: "POST /api/accounts/password-hint", caller: anyone, serve: passwordHint},
		{pattern: "POST /api/accounts/api-key", caller: person, proof: factorProof, event: journal.APIKey, serve: getAPIKey},
		{pattern: "POST /api/accounts/rotate-api-key", caller: person, proof: factorProof, event: journal.APIKey, serve: rotateAPIKey},
		{pattern: "GET /api/users/{id}/public-key", caller: person, serve: publicKey},
		{pattern: "GET /api/settings/domains", caller: person, serve: getDomains},
		{pattern: "PUT /api/settings/domains", caller: person, serve: putDomains},
		{pattern: "POST /api/settings/domains", caller: person, serve: putDomains},
	}
}

func deviceRoutes() []route {
	return []route{
		{pattern: "GET /api/devices", caller: person, serve: listDevices},
		{pattern: "GET /api/devices/knowndevice", caller: anyone, serve: knownDevice},
		{pattern: "GET /api/devices/identifier/{id}", caller: person, serve: getDevice},
		{pattern: "PUT /api/devices/identifier/{id}/token", caller: person, serve: pushToken},
		{pattern: "POST /api/devices/identifier/{id}/token", caller: person, serve: pushToken},
		{pattern: "PUT /api/devices/identifier/{id}/clear-token", caller: person, serve: clearPushToken},
		{pattern: "POST /api/devices/identifier/{id}/clear-token", caller: person, serve: clearPushToken},
		{pattern: "GET /api/devices/{id}", caller: person, serve: getDevice},
		{pattern: "DELETE /api/devices/{id}", caller: person, proof: freshProof, event: journal.Device, serve: removeDevice},
		{pattern: "POST /api/devices/{id}/deactivate", caller: person, proof: freshProof, event: journal.Device, serve: removeDevice},
	}
}

func miscRoutes() []route {
	return []route{
		{pattern: "GET /api/config", caller: anyone, serve: serverConfig},
		{pattern: "GET /api/alive", caller: anyone, serve: now},
		{pattern: "GET /alive", caller: anyone, serve: now},
		{pattern: "GET /api/now", caller: anyone, serve: now},
		{pattern: "GET /api/version", caller: anyone, serve: version},
		{pattern: "GET /api/tasks", caller: person, serve: nothing},
		{pattern: "GET /api/sends", caller: person, serve: nothing},
		{pattern: "GET /api/collections", caller: person, serve: nothing},
		{pattern: "POST /events/collect", caller: anyone, serve: events},
		{pattern: "GET /local-ca.pem", caller: atHome, serve: rootPEM},
		{pattern: "GET /local-ca.crt", caller: atHome, serve: rootDER},
	}
}

// secondRoutes are those of the second factors, under the wire's names. They
// stay open to somebody who must add one first.
func secondRoutes() []route {
	return []route{
		{pattern: "GET /api/two-factor", caller: person, enrol: true, serve: listFactors},
		{pattern: "POST /api/two-factor/get-authenticator", caller: person, enrol: true, proof: factorProof, serve: getAuthenticator},
		{pattern: "PUT /api/two-factor/authenticator", caller: person, enrol: true, proof: factorProof, event: journal.Second, detail: "authenticator on", serve: putAuthenticator},
		{pattern: "POST /api/two-factor/authenticator", caller: person, enrol: true, proof: factorProof, event: journal.Second, detail: "authenticator on", serve: putAuthenticator},
		{pattern: "DELETE /api/two-factor/authenticator", caller: person, enrol: true, proof: factorProof, event: journal.Second, detail: "authenticator off", serve: removeAuthenticator},
		{pattern: "POST /api/two-factor/get-webauthn", caller: person, enrol: true, proof: factorProof, serve: getSecurityKeys},
		{pattern: "POST /api/two-factor/get-webauthn-challenge", caller: person, enrol: true, proof: factorProof, serve: keyChallenge},
		{pattern: "PUT /api/two-factor/webauthn", caller: person, enrol: true, proof: factorProof, event: journal.Second, detail: "security key added", serve: putSecurityKey},
		{pattern: "POST /api/two-factor/webauthn", caller: person, enrol: true, proof: factorProof, event: journal.Second, detail: "security key added", serve: putSecurityKey},
		{pattern: "DELETE /api/two-factor/webauthn", caller: person, enrol: true, proof: factorProof, event: journal.Second, detail: "security key removed", serve: removeSecurityKey},
		{pattern: "PUT /api/two-factor/disable", caller: person, enrol: true, proof: factorProof, event: journal.Second, detail: "off", serve: disableFactor},
		{pattern: "POST /api/two-factor/disable", caller: person, enrol: true, proof: factorProof, event: journal.Second, detail: "off", serve: disableFactor},
		{pattern: "POST /api/two-factor/get-recover", caller: person, enrol: true, proof: factorProof, event: journal.Second, detail: "recovery code shown", serve: getRecovery},
		{pattern: "POST /api/two-factor/recover", caller: anyone, serve: recoverByCode},
		{pattern: "GET /latchkey/second", caller: person, enrol: true, serve: second},
		{pattern: "PUT /latchkey/second/keys/{id}", caller: person, enrol: true, serve: renameKey},
		{pattern: "PUT /latchkey/second/passkeys/{id}", caller: person, enrol: true, serve: renamePasskey},
		{pattern: "DELETE /latchkey/second/remembered", caller: person, enrol: true, proof: freshProof, event: journal.Second, detail: "remembered devices forgotten", serve: forgetRemembered},
		{pattern: "POST /latchkey/proof/options", caller: person, enrol: true, serve: proofOptions},
		{pattern: "POST /latchkey/proof", caller: person, enrol: true, proof: presentProof, serve: proveNow},
	}
}

// passkeyRoutes are those of the passkeys that sign in alone.
func passkeyRoutes() []route {
	return []route{
		{pattern: "GET /api/webauthn", caller: person, enrol: true, serve: listPasskeys},
		{pattern: "POST /api/webauthn/attestation-options", caller: person, enrol: true, proof: factorProof, serve: passkeyCreation},
		{pattern: "POST /api/webauthn", caller: person, enrol: true, event: journal.Passkey, detail: "added", serve: addPasskey},
		{pattern: "POST /api/webauthn/assertion-options", caller: person, enrol: true, proof: factorProof, serve: passkeyAssertion},
		{pattern: "PUT /api/webauthn", caller: person, enrol: true, event: journal.Passkey, detail: "unlocks", serve: unlockPasskey},
		{pattern: "POST /api/webauthn/{id}/delete", caller: person, enrol: true, proof: factorProof, event: journal.Passkey, detail: "removed", serve: removePasskey},
	}
}

// setupRoutes are the wizard's, and what a command on the machine starts it by.
func setupRoutes() []route {
	return []route{
		{pattern: "GET /latchkey/state", caller: anyone, serve: state},
		{pattern: "POST /latchkey/setup/claim", caller: atHome, attempt: guard.SetupToken, serve: claimSetup},
		{pattern: "GET /latchkey/setup", caller: wizard, serve: setupState},
		{pattern: "GET /latchkey/setup/checks", caller: wizard, serve: setupChecks},
		{pattern: "POST /latchkey/setup/reach", caller: wizard, serve: setupReach},
		{pattern: "POST /latchkey/setup/link", caller: machine, serve: setupLink},
	}
}

// reachRoutes are those of the public path. The wizard comes before the first
// password and has no proof to show; an owner does.
func reachRoutes() []route {
	return []route{
		{pattern: "GET /latchkey/reach", caller: wizard | owner, serve: getReach},
		{pattern: "POST /latchkey/reach", caller: wizard | owner, proof: presentProof, event: journal.Settings, detail: "reach", serve: applyReach},
		{pattern: "POST /latchkey/reach/check", caller: wizard | owner, serve: checkReach},
		{pattern: "POST /latchkey/reach/retry", caller: wizard | owner, serve: retryReach},
		{pattern: "POST /latchkey/reach/door", caller: wizard | owner, proof: freshProof, event: journal.Settings, detail: "door", serve: openReach},
		{pattern: "POST /latchkey/reach/move", caller: wizard, serve: moveReach},
		{pattern: "POST /latchkey/reach/rename", caller: owner, proof: presentProof, event: journal.Settings, detail: "name", serve: renameReach},
		{pattern: "POST /latchkey/reach/forget", caller: owner, proof: presentProof, event: journal.Settings, detail: "home only", serve: forgetReach},
	}
}

// ownerRoutes are those of the owner's page and of `latchkey admin`.
func ownerRoutes() []route {
	return []route{
		{pattern: "GET /latchkey/kit", caller: owner, serve: getKit},
		{pattern: "POST /latchkey/kit", caller: owner, proof: presentProof, serve: drawKit},
		{pattern: "POST /latchkey/kit/confirm", caller: owner, event: journal.Kit, serve: confirmKit},
		{pattern: "GET /latchkey/people", caller: owner | machine, serve: people},
		{pattern: "PUT /latchkey/people/{id}", caller: owner | machine, proof: freshProof, serve: putPerson},
		{pattern: "DELETE /latchkey/people/{id}", caller: owner | machine, proof: freshProof, serve: removePerson},
		{pattern: "POST /latchkey/people/{id}/sign-out", caller: owner | machine, proof: freshProof, serve: signOutPerson},
		{pattern: "POST /latchkey/people/{id}/reset-second", caller: owner | machine, proof: freshProof, sterner: proofOfReset, serve: resetSecond},
		{pattern: "POST /latchkey/invitations", caller: owner | machine, proof: freshProof, event: journal.Invited, serve: invite},
		{pattern: "DELETE /latchkey/invitations/{id}", caller: owner | machine, proof: freshProof, event: journal.Admin, detail: "invitation withdrawn", serve: uninvite},
		{pattern: "GET /latchkey/settings", caller: owner | machine, serve: getSettings},
		{pattern: "PUT /latchkey/settings", caller: owner | machine, proof: freshProof, sterner: proofOfSettings, event: journal.Settings, serve: putSettings},
		{pattern: "GET /latchkey/usage", caller: owner | machine, serve: usage},
		{pattern: "GET /latchkey/log", caller: owner | machine, proof: freshProof, serve: searchLog},
		{pattern: "GET /latchkey/log/export", caller: owner | machine, proof: freshProof, event: journal.Admin, detail: "log exported", serve: exportLog},
		{pattern: "GET /latchkey/bans", caller: owner | machine, serve: bans},
		{pattern: "POST /latchkey/bans/lift", caller: owner | machine, proof: freshProof, serve: liftBans},
		{pattern: "GET /latchkey/status", caller: machine, serve: status},
		{pattern: "GET /latchkey/doctor", caller: owner | machine, serve: doctor},
	}
}

// backupRoutes are those of backups. Where a row reads or writes a whole backup,
// its body is streamed.
func backupRoutes() []route {
	return []route{
		{pattern: "GET /latchkey/backups", caller: owner | machine, serve: backing(getBackups)},
		{pattern: "POST /latchkey/backups", caller: owner | machine, proof: freshProof, event: journal.Backup, detail: "made", serve: backing(createBackup)},
		{pattern: "GET /latchkey/backups/progress", caller: owner | machine, serve: backing(backupProgress)},
		{pattern: "POST /latchkey/backups/download", caller: owner | machine, proof: presentProof, serve: backing(downloadBackup)},
		{pattern: "POST /latchkey/backups/prove", caller: owner | machine, proof: freshProof, event: journal.Backup, detail: "proved", serve: backing(proveBackup)},
		{pattern: "POST /latchkey/backups/targets/check", caller: owner, proof: freshProof, serve: backing(checkTarget)},
		{pattern: "PUT /latchkey/backups/targets/{id}", caller: owner, proof: freshProof, event: journal.Backup, detail: "target saved", serve: backing(saveTarget)},
		{pattern: "DELETE /latchkey/backups/targets/{id}", caller: owner, proof: freshProof, event: journal.Backup, detail: "target removed", serve: backing(removeTarget)},
		{pattern: "PUT /latchkey/backups/key", caller: owner, proof: presentProof, event: journal.Backup, detail: "key kept", serve: backing(keepBackupKey)},
		{pattern: "DELETE /latchkey/backups/key", caller: owner, proof: freshProof, event: journal.Backup, detail: "key forgotten", serve: backing(forgetBackupKey)},
	}
}

// restoreRoutes are those by which a house comes back: the wizard's on new
// hardware, an owner's on the old.
func restoreRoutes() []route {
	const who = wizard | owner | machine
	return []route{
		{pattern: "GET /latchkey/restore", caller: who, serve: restoring(presentRestore)},
		{pattern: "POST /latchkey/restore", caller: who, proof: presentProof, event: journal.Backup, detail: "restore begun", serve: restoring(startRestore)},
		{pattern: "GET /latchkey/restore/kinds", caller: who, serve: restoring(restoreKinds)},
		{pattern: "GET /latchkey/restore/{id}", caller: who, serve: restoring(getRestore)},
		{pattern: "PUT /latchkey/restore/{id}/file", caller: who, streams: true, serve: restoring(receiveRestore)},
		{pattern: "POST /latchkey/restore/{id}/list", caller: who, serve: restoring(listRestore)},
		{pattern: "POST /latchkey/restore/{id}/fetch", caller: who, serve: restoring(fetchRestore)},
		{pattern: "POST /latchkey/restore/{id}/apply", caller: who, proof: presentProof, event: journal.Backup, detail: "restore applied", serve: restoring(applyRestore)},
		{pattern: "DELETE /latchkey/restore/{id}", caller: who, serve: restoring(cancelRestore)},
		{pattern: "POST /latchkey/restored", caller: owner | machine, proof: freshProof, event: journal.Backup, detail: "restored confirmed", serve: confirmRestored},
	}
}

// personRoutes are our own that everybody here uses.
func personRoutes() []route {
	return []route{
		{pattern: "GET /latchkey/links", caller: wizard | person, serve: links},
		{pattern: "GET /latchkey/health", caller: person, serve: conditions},
		{pattern: "GET /latchkey/activity", caller: person, serve: activity},
		{pattern: "POST /latchkey/activity", caller: person, serve: report},
		{pattern: "GET /latchkey/devices", caller: person, enrol: true, serve: ownDevices},
		{pattern: "PUT /latchkey/devices/{id}", caller: person, serve: renameDevice},
		{pattern: "DELETE /latchkey/sessions/{id}", caller: person, proof: freshProof, event: journal.Device, serve: endSession},
		{pattern: "POST /latchkey/sessions/others", caller: person, proof: freshProof, event: journal.SignOut, detail: "all others", serve: endOthers},
		{pattern: "POST /latchkey/bans/admit", caller: person | machine, proof: freshProof, serve: admitAddress},
		{pattern: "DELETE /latchkey/session", caller: person, enrol: true, event: journal.SignOut, serve: signOut},
	}
}
