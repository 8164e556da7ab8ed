//! The list of operations. It exists once.
//!
//! Each adapter expands [`operations!`](crate::operations) with a macro of its own, so an operation
//! without a handler does not compile; what no compiler sees (the capability file, the TypeScript door)
//! is walked by `tests/parity.rs`.

/// Hands the operation list to the macro `$each`, as `name => Variant, "what it is for";` rows.
#[macro_export]
macro_rules! operations {
    ($each:ident) => {
        $each! {
            overview => Overview, "Everything a window draws";
            watch => Watch, "Send the overview, then every event";
            begin_sign_in => BeginSignIn, "Open the browser for a new account";
            reconnect => Reconnect, "Open the browser for an account that is connected";
            answer_prompt => AnswerPrompt, "Answer what a sign-in asks in the window";
            browsers => Browsers, "The browsers of this computer";
            choose_browser => ChooseBrowser, "Choose in which browser a connection signs in";
            rename => Rename, "Give a connection a name of the person's own";
            cancel_sign_in => CancelSignIn, "Give up a sign-in, or dismiss how one ended";
            open_sign_in_page => OpenSignInPage, "Open the browser again for a sign-in that waits";
            copy_sign_in_link => CopySignInLink, "Copy the link of a sign-in that waits";
            diagnose => Diagnose, "Check, make one sample call, and report all that is known";
            copy_diagnosis => CopyDiagnosis, "Copy the last report of a connection";
            check => Check, "Renew if due and ask the provider who this is";
            request_mail => RequestMail, "Have a mail sent to the account's own address";
            impersonate => Impersonate, "Act in the name of another account of the same server";
            disconnect => Disconnect, "Revoke and forget";
            forget => Forget, "Forget here without waiting for the provider";
            save_client => SaveClient, "Save the client of a provider: id and secret";
            copy_redirect_uri => CopyRedirectUri, "Copy the redirect URI to register";
            open_register_page => OpenRegisterPage, "Open the provider's page for registering an application";
            open_manage_page => OpenManagePage, "Open the provider's page for removing access";
            history => History, "What happened to a connection, newest first";
            protect_with_passphrase => ProtectWithPassphrase, "Seal the installation key under a passphrase";
            change_passphrase => ChangePassphrase, "Seal the installation key under another passphrase";
            unlock => Unlock, "Enter the passphrase after a start";
            use_key_file => UseKeyFile, "Keep the installation key in a file of the person's own";
            use_keychain => UseKeychain, "Keep the installation key in the keychain";
            rotate_key => RotateKey, "Replace the installation key";
            export_backup => ExportBackup, "Write the sign-ins to a file for another computer";
            import_backup => ImportBackup, "Read the sign-ins of such a file";
        }
    };
}

macro_rules! declare {
    ($($name:ident => $variant:ident, $purpose:literal;)*) => {
        /// Something that can be asked of Latchkey, by whatever door.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "bindings", derive(serde::Serialize, ts_rs::TS))]
        #[cfg_attr(feature = "bindings", serde(rename_all = "snake_case"))]
        pub enum Operation {
            $(#[doc = $purpose] $variant,)*
        }

        impl Operation {
            /// Every operation, in the order of the list.
            pub const ALL: &'static [Operation] = &[$(Operation::$variant,)*];

            /// The names of all operations, in the same order.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];

            /// The name that commands, routes and subcommands carry.
            pub fn name(self) -> &'static str {
                match self {
                    $(Operation::$variant => stringify!($name),)*
                }
            }

            /// What it is for, in one line.
            pub fn purpose(self) -> &'static str {
                match self {
                    $(Operation::$variant => $purpose,)*
                }
            }
        }
    };
}

operations!(declare);
