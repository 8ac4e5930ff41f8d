// Presses "Sign out": the application has shown by an ID token whom it signs out.
document.querySelector('button[name=logout]').click();
