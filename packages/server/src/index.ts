/** The public face of the server room. */
